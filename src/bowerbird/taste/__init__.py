"""What a shopper did becomes what they may want."""
