"""GraphQL for dashboards: reads everything that a token may read, by the same rules, row policy and figures as REST."""
