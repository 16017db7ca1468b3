"""The files of generated rule tests: what stands in them, whose they are, and how they get onto the disk.

The modules read in this order::

    importing ─► layout ─► rendering ─► fingerprint ─► writing
    names and    wraps     the text     is it still    new, changed, kept
    imports      calls     of a file    as generated?
"""
