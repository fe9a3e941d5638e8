"""A streaming replica for what only reads: which requests go there, and when none does.

`routing` swaps the connection, `watch` knows how the replica is, `seen` keeps who has written what, `middleware` decides.
Without REPLICA_URL nothing of this runs.
"""
