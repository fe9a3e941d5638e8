"""The fibre network: its rules in raw SQL, and what is built on them."""
