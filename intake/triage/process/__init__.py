"""The program as processes: who listens, who holds what is unlocked, and when that ends."""
