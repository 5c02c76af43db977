"""What proves the failover: objectives, measurements, the failover decision, and the runs."""
