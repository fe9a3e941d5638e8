"""Sites of one installation: each Amt under its own address, name, colours and choice of services."""
