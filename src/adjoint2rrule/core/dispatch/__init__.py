"""Julia's multiple dispatch, as far as rules need it: which of the rules of a callable fits a call.

An annotation is read (`annotations`) into a pattern (`patterns`, `containers`), the parameters of a
rule into a method (`method`), the methods of one target choose among themselves (`method_table`), and
`registry` knows where the tables of every kind of target are kept.

plum has the same semantics, and is what the tests compare with, but not what runs: importing it loads
rich, its cache of type hints keeps every annotated class alive for good, and it cannot look at each
element of a list nor at the dtype of an array.
"""
