"""Mail by way of an outbox: `outbox.send` writes a row in the caller's transaction, the worker sends it.

A mail to an address is sent at least once. Should a worker die between the server's "250" and our note of it, the mail
goes out again with the same Message-ID, by which the reader's program knows it.
"""
