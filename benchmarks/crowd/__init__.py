"""A crowd at one dashboard: sign-ins at once, requests for data, viewers for seconds or hours."""
