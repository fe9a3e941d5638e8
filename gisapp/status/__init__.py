"""What people should know about the installation just now: banners, maintenance, and what is not set up yet."""
