"""One file with everything: database and uploaded files. Written whole or not at all, and proved by restoring it.

The file is a tar of the dump in pieces, the media files and, last, a manifest with counts and checksums; compressed
(zstd) and, on wish, encrypted in the age format. Nothing of it ever lies unencrypted on a disk beside it.
"""
