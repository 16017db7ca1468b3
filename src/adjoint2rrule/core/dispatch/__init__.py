"""Julia's multiple dispatch, as far as rules need it: which rule of a callable fits a call best.

An annotation is read (`annotations`) into a pattern (`patterns`, `classes`, `containers`), a rule into a
method (`reading`, `method`); the methods of one target choose among themselves (`method_table`);
`registry` knows where the tables of every kind of target are kept, and `rule_function` puts `rrule` and
`frule` on top.

plum has the same semantics, and the tests compare with it. It is not what runs: to import it loads rich,
its caches keep every class that an annotation mentions alive for good, and it looks neither at each
element of a list nor at the dtype of an array.
"""
