# Penalised logistic regression by glmnet 4.1.6 (Debian's r-cran-glmnet on R 4.2.2).
# Run by classifiers.py, which writes the data: Rscript classifiers_glmnet.R FOLDER
# Reads FOLDER/SET.csv (the label, then the columns) and FOLDER/wanted.txt (in each line the set, the mixing, and shares of the
# greatest penalty); writes FOLDER/glmnet.txt with a line for each penalty: set, mixing, greatest penalty, share, the intercept
# at the columns' means, and the coefficients of the standardised columns.

suppressPackageStartupMessages(library(glmnet))

folder <- commandArgs(trailingOnly = TRUE)[1]
glmnet.control(fdev = 0, devmax = 1, mxitnr = 200)

lines <- unlist(lapply(strsplit(readLines(file.path(folder, "wanted.txt")), " "), function(words) {
  mixing <- as.numeric(words[2])
  shares <- as.numeric(words[-(1:2)])
  table <- as.matrix(read.csv(file.path(folder, paste0(words[1], ".csv")), header = FALSE))
  labels <- table[, 1]
  columns <- unname(table[, -1, drop = FALSE])
  # glmnet's greatest penalty is the first of its own path.
  greatest <- glmnet(columns, labels, family = "binomial", alpha = mixing, nlambda = 3)$lambda[1]
  fit <- glmnet(
    columns, labels, family = "binomial", alpha = mixing, lambda = shares * greatest, thresh = 1e-22, maxit = 1e8)
  stopifnot(length(fit$lambda) == length(shares))
  beta <- as.matrix(fit$beta)
  deviations <- apply(columns, 2, function(column) sqrt(mean((column - mean(column))^2)))
  intercepts <- fit$a0 + as.vector(colMeans(columns) %*% beta)
  sapply(seq_along(shares), function(index) {
    numbers <- c(mixing, greatest, shares[index], intercepts[index], beta[, index] * deviations)
    paste(c(words[1], format(numbers, digits = 15, scientific = TRUE, trim = TRUE)), collapse = " ")
  })
}))
writeLines(lines, file.path(folder, "glmnet.txt"))
