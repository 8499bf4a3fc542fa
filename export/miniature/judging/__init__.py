"""How good the miniature is: a judge of its pictures, and measures of what lies behind them."""
