"""A store in an etcd cluster, which any number of servers share (extra `etcd`)."""
