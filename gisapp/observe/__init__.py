"""What the operators see of the running program: log lines without personal data, and metrics."""
