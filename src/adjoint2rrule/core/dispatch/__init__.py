"""Julia's multiple dispatch, as far as rules need it: which rule of a callable fits a call best.

An annotation is read (`annotations`, `names`) into a pattern (`patterns`, `classes`, `containers`), a rule
into a method (`signatures`, `reading`, `arity`, `method`); the methods of one target choose among themselves
(`method_table`), which is remembered (`memory`); `registry` knows where the tables of every kind of target
(`targets`) are kept, `lookup` which of them a call asks (of a callable object those that `functors` says),
`calls` how a call is written, and `rule_function` puts `rrule` and `frule` on top.

plum has the same semantics, but to import it loads rich and beartype, where the runtime loads numpy
alone, and it samples one element of a list and does not see the dtype of an array. It stands in the tests
instead, which compare each choice with plum's.
"""
