"""The file that agents from 1.18 on take services from: `--lb-state-file`.

It is `{"services": [Service], "endpoints": [EndpointSlice]}`, as JSON or YAML, and stands in for
the PUT of the API, which is gone there.
"""
