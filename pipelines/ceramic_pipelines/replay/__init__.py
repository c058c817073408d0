"""Building the tables of a source anew, and holding what there is against them."""
