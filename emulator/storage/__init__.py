"""What happens to stored bytes after an API call: replication, log shipping, Firehose delivery."""
