# file: src/kube/client.c
# Who is told to come again later comes again at once.
/^static bool answered_again/,/^}/s/^	return call_again(c, call, wait);$/	return call_again(c, call, wait \/ 50);/
