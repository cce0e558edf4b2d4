"""The values of a load balancer as the Go package has them; they know nothing of JSON's wire."""
