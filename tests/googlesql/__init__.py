"""Google's SQL analyzer and evaluator as the judge of every SQL text of the product and its pages."""
