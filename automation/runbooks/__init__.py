"""The runbooks that ship with OpsManager, one file each."""
