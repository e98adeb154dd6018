# The module project: APIs, and Google's service agents with their roles. Its grants cannot be destroyed, so it is planned.

mock_provider "google" {
  source = "./tests/mocks/google"
}

mock_provider "google-beta" {
  source = "./tests/mocks/google-beta"
}

mock_provider "time" {
  source = "./tests/mocks/time"
}

variables {
  project_id = "acme-billing"
}

run "setup" {
  command = plan
  module {
    source = "./modules/project"
  }

  assert {
    condition     = length(google_project_service.services) == 17 && length(google_project_service_identity.agents) == 7 && length(google_kms_crypto_key_iam_member.storage) == 0
    error_message = "Expected seventeen APIs, seven service agents and no grant on a key."
  }
  assert {
    condition     = length(output.agent_grants) == 8 && output.agent_grants.cloudfunctions == "serviceAccount:service-123456789012@gcf-admin-robot.iam.gserviceaccount.com"
    error_message = "The members of the agents must be known at plan, from the number of the project: ${jsonencode(output.agent_grants)}."
  }
  assert {
    condition     = output.transfer_agent.member == "serviceAccount:project-123456789012@storage-transfer-service.iam.gserviceaccount.com"
    error_message = "The member of Storage Transfer's agent must be known at plan: ${output.transfer_agent.member}."
  }
}

run "kms_key" {
  command = plan
  module {
    source = "./modules/project"
  }
  variables {
    kms_key = "projects/acme-keys/locations/europe-west1/keyRings/data/cryptoKeys/billing"
  }

  assert {
    condition     = google_kms_crypto_key_iam_member.storage[0].role == "roles/cloudkms.cryptoKeyEncrypterDecrypter" && google_kms_crypto_key_iam_member.bigquery[0].member == "serviceAccount:bq-123456789012@bigquery-encryption.iam.gserviceaccount.com"
    error_message = "The agents of Cloud Storage and BigQuery cannot use the key."
  }
  assert {
    condition     = contains(keys(google_project_service.services), "cloudkms.googleapis.com")
    error_message = "The API of Cloud KMS is not enabled."
  }
}

run "without_setup" {
  module {
    source = "./modules/project"
  }
  variables {
    kms_key = "projects/acme-keys/locations/europe-west1/keyRings/data/cryptoKeys/billing"
    setup   = false
  }

  assert {
    condition = (
      length(google_project_service.services) + length(google_project_service_identity.agents) + length(google_project_iam_member.run_agent)
      + length(google_project_iam_member.storage_publisher) + length(google_kms_crypto_key_iam_member.storage) + length(time_sleep.services) == 0
    )
    error_message = "Without setup, nothing of the project may be changed."
  }
  assert {
    condition     = output.project_id == "acme-billing" && output.kms_key == var.kms_key && output.agent_grants == {} && output.transfer_agent.subject_id == "112233445566778899001"
    error_message = "Without setup, other modules need the same outputs."
  }
}
