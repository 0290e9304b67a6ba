"""Every statistic of a series, one idea a file, each with its formula, unit, missing-value rule and source."""
