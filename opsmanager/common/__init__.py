"""What every app uses and no app owns; no word of the domain."""
