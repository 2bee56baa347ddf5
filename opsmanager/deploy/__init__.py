"""OpsManager on machines of your own: an image, Docker Compose, systemd, Kubernetes.

What stands here is what the supervisor of `make run` does on one machine, written down for other
supervisors. The commands are the same, and a test compares them.
"""
