"""Pro Santé Connect messages: what is read and written, and the objects in between.

- ``forms``: forms, queries and answers
- ``clients``: a client's description and its proofs
- ``authorization``: the authorization request and its redirects
- ``tokens``: token requests and tokens
- ``people``: UserInfo
- ``ciba``: the backchannel request and the phone
- ``discovery``: the discovery document and the paths
- ``pages``: what a professional sees
"""
