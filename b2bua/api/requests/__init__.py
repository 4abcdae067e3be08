"""All operations of the switch as pure values: one request class and one reply class per operation.

Rule: these values import only `base`, `console`, the call record and `routing`, so that every client may import them.
"""
