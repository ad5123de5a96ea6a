"""Raw rows and files become listings or rejections."""
