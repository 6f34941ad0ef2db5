# file: src/kube/config.c
# A token that was replaced is not taken up.
/^static bool refresh_token/,/^}/s/^	bool read = c->token.path && (now ||$/	bool read = c->token.path \&\& !now \&\& c->token_ns == 0 \&\& (now ||/
