"""Simulator, RNIV: the identity repository of a hospital (référentiel d'identités).

- ``errors``: what the identity unit refuses, one row a code
- ``evidence``: identity documents and their trust, channels of collection
- ``record``: an identity, its two axes, its attributes and its history
- ``agreement``: what differs between local and national traits
- ``transitions``: the table of statuses; ``rules``: what is refused; ``vigilance``: the deeds
- ``search_plan``: which request to INSi comes next; ``lookup``: what its answers leave
- ``detection``: duplicates, homonyms, collisions; ``merging``: what may become one
- ``store`` over ``statements`` and ``tables``: the repository in the hospital's own database,
  with ``pairs`` of identities that are alike and the ``worklist``
- ``quality``: the indicators of the identity unit
- ``hl7v2``: the identity fields of PID and ZFD

Source: RNIV v2.0 and guide INS v3.0, both second-hand; RNIV.
"""
