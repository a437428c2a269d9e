"""Who can open summaries: colleagues are let in to what came before them."""
