"""ROR mock, rules: what is refused, and why; what each access profile sees.

- ``access``: tokens, clients, headers, rights
- ``beds``: the capacity update
- ``search``: search parameters
- ``profiles``: offers written from outside (extended mode)
- ``views``: what an access profile sees of a resource

Pure: no Flask, no SQL.
"""
