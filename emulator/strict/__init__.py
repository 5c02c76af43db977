"""What moto would accept and AWS would refuse, refused with AWS's error code and the reason.

`refusals` guards the API itself, so that every caller is protected; `closing` looks at a finished
deployment for what AWS accepts and then silently does not do.
"""
