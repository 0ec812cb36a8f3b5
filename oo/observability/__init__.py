"""What watches oO from outside: alert rules and the dashboard, made from the service levels."""
