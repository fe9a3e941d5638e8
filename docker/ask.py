"""The container's health check: 0 when the address answers with 200. Nothing but Python is needed for it."""

import sys
import urllib.request

try:
    with urllib.request.urlopen(sys.argv[1], timeout=4) as answer:
        sys.exit(answer.status != 200)
except OSError as error:  # an HTTPError is one, too
    print(error, file=sys.stderr)
    sys.exit(1)
