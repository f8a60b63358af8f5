"""What people are told when an activation's state changes: in the dashboard and through their channels."""
