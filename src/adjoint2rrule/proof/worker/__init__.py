"""The subprocess in which rules are run: the only place where code of the user is.

It is started by `adjoint2rrule.proof.workers`, and speaks with it in lines of JSON. The modules read in the
order in which a request passes through them::

    server ─► loading, stand_ins
           └► isolation ─► calls ─► trials ─► line_trace      what comes of a call by finite differences
              output              └► runs ─► leaves, seeds    what it gives, for the comparison
                                     sides                    how either side finds its rules
"""
