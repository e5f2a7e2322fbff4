// Weibull illness-death model with covariates, and effects of centres where there are any; vectorised by hand.
data {
  int<lower=0> terms;
  int<lower=0> centres;
  array[3] int<lower=0> rows;
  vector[rows[1]] log_time_1;
  vector[rows[2]] log_time_2;
  vector[rows[3]] log_time_3;
  vector[rows[1]] event_1;
  vector[rows[2]] event_2;
  vector[rows[3]] event_3;
  matrix[rows[1], terms] x_1;
  matrix[rows[2], terms] x_2;
  matrix[rows[3], terms] x_3;
  array[rows[1]] int centre_1;
  array[rows[2]] int centre_2;
  array[rows[3]] int centre_3;
  vector[6] prior_mean;
  vector<lower=0>[6] prior_deviation;
  vector<lower=0>[terms] term_deviation;
  real<lower=0> centre_deviation;
  real log_year;
}
parameters {
  vector[6] level_and_shape;  // response, death without, death after: level and log shape of each
  matrix[terms, 3] beta;
  matrix[centres, 3] standard;
  vector<lower=0>[centres > 0 ? 3 : 0] spread;
}
model {
  level_and_shape ~ normal(prior_mean, prior_deviation);
  for (k in 1:3) beta[, k] ~ normal(0, term_deviation);
  to_vector(standard) ~ std_normal();
  spread ~ normal(0, centre_deviation);
  vector[3] shape = exp(level_and_shape[{2, 4, 6}]);
  vector[rows[1]] h_1 = log(log2()) + shape[1] * (log_time_1 - level_and_shape[1]) + x_1 * beta[, 1];
  vector[rows[2]] h_2 = level_and_shape[3] + shape[2] * (log_time_2 - log_year) + x_2 * beta[, 2];
  vector[rows[3]] h_3 = level_and_shape[5] + shape[3] * (log_time_3 - log_year) + x_3 * beta[, 3];
  if (centres > 0) {
    vector[centres] effect_1 = spread[1] * standard[, 1];
    vector[centres] effect_2 = spread[2] * standard[, 2];
    vector[centres] effect_3 = spread[3] * standard[, 3];
    h_1 += effect_1[centre_1];
    h_2 += effect_2[centre_2];
    h_3 += effect_3[centre_3];
  }
  target += dot_product(event_1, h_1 - log_time_1) + sum(event_1) * level_and_shape[2] - sum(exp(h_1));
  target += dot_product(event_2, h_2 - log_time_2) + sum(event_2) * level_and_shape[4] - sum(exp(h_2));
  target += dot_product(event_3, h_3 - log_time_3) + sum(event_3) * level_and_shape[6] - sum(exp(h_3));
}
