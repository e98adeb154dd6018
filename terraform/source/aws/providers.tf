# The bucket, the queues and the role.
provider "aws" {
  allowed_account_ids = [var.account_id] # the wrong account would export the wrong costs
  region              = var.region
}

# The exports. AWS has the services of Data Exports and of the Cost and Usage Report in us-east-1 only. The bucket of an
# export may be in another region.
provider "aws" {
  alias               = "billing"
  allowed_account_ids = [var.account_id]
  region              = "us-east-1"
}
