"""The socket that offers the operations and the feed; authentication, tokens, sessions, and a client."""
