terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.46, < 9"
    }
    # Only for google_project_service_identity: the google provider does not have it.
    google-beta = {
      source  = "hashicorp/google-beta"
      version = ">= 7.46, < 9"
    }
    time = {
      source  = "hashicorp/time"
      version = ">= 0.12, < 1"
    }
  }
}
