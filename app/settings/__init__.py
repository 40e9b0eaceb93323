"""Groups of variables: how they are declared, read and checked, and what is wrong with them."""
