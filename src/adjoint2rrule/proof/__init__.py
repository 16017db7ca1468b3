"""The proof of a conversion: tests for each rule, and legacy and converted rules side by side.

The modules read in the order in which data flows::

    subjects ─► inputs ─► copies, workers ─► selection ─► test_files
    which       what to    run them in        which        rule tests
    rules       call them  a subprocess       calls        └► verification: both sides compared
                with                          to keep

The comparison has modules of its own, from what there is to compare to what came of it::

    work_tree, ─► pairs ─► verification ─► compare ─► findings
    history                runs both       closeness  for reports
    of today, or           sides           of two
    since a revision                       runs

What a rule is called with is text all the way, Python expressions and the imports that they need: they are
read by people in test files, and evaluated only in the subprocess. Nothing here runs the user's code itself.
"""
