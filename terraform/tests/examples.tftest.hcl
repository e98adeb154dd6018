# The example of each module, as its README shows it. Each run names its providers: without that, Terraform passes a mock
# to the module only if the example itself uses the provider.

mock_provider "google" {
  source = "./tests/mocks/google"
}

mock_provider "google-beta" {
  source = "./tests/mocks/google-beta"
}

mock_provider "archive" {
  source = "./tests/mocks/archive"
}

mock_provider "time" {
  source = "./tests/mocks/time"
}

run "landing" {
  module {
    source = "./modules/landing/examples/basic"
  }
  providers = {
    google = google
    time   = time
  }

  assert {
    condition     = output.buckets == { aws = "acme-billing-landing-aws", azure = "acme-billing-landing-azure" }
    error_message = "Expected one landing bucket per provider: ${jsonencode(output.buckets)}."
  }
}

run "loader" {
  module {
    source = "./modules/loader/examples/basic"
  }
  providers = {
    archive = archive
    google  = google
    time    = time
  }

  assert {
    condition     = output.functions == { load_aws = "billing-load-aws", sweep = "billing-sweep" }
    error_message = "Expected one event function and the sweep: ${jsonencode(output.functions)}."
  }
}

run "monitoring" {
  module {
    source = "./modules/monitoring/examples/basic"
  }
  providers = {
    google = google
    time   = time
  }

  assert {
    condition     = strcontains(output.filters.metrics.loads, "(\"billing-load-aws\" OR \"billing-sweep\")")
    error_message = "The metrics must count the log lines of both functions: ${output.filters.metrics.loads}."
  }
}

# Its grants cannot be destroyed, so it is planned.
run "project" {
  command = plan
  module {
    source = "./modules/project/examples/basic"
  }
  providers = {
    google      = google
    google-beta = google-beta
    time        = time
  }

  assert {
    condition     = output.transfer_agent.member == "serviceAccount:project-123456789012@storage-transfer-service.iam.gserviceaccount.com"
    error_message = "The bucket's grant needs the service agent: ${jsonencode(output.transfer_agent)}."
  }
}

run "transfer_aws" {
  module {
    source = "./modules/transfer-aws/examples/basic"
  }
  providers = {
    google = google
    time   = time
  }

  assert {
    condition     = strcontains(output.policies.permission_policy, "arn:aws:s3:::acme-billing-exports/exports/aws/*")
    error_message = "The role must read the path of the exports: ${output.policies.permission_policy}."
  }
}

run "transfer_azure" {
  module {
    source = "./modules/transfer-azure/examples/basic"
  }
  providers = {
    google = google
    time   = time
  }

  assert {
    condition     = output.federation.subject == "112233445566778899001"
    error_message = "The federated credential must name the service agent: ${jsonencode(output.federation)}."
  }
}

run "warehouse" {
  module {
    source = "./modules/warehouse/examples/basic"
  }
  providers = {
    google = google
  }

  assert {
    condition     = output.tables.aws_cur == { months = "acme-billing.billing.aws_cur", tracking = "acme-billing.billing.aws_cur_load_tracking" }
    error_message = "Expected a table and a tracking table per source: ${jsonencode(output.tables)}."
  }
}
