"""Reference data shipped with the service; README.md says where each file comes from."""
