# The bucket that AWS delivers to. An existing bucket keeps its own settings: S3 has one policy, one encryption and one
# lifecycle per bucket, and this root must not replace those of others.

locals {
  _bucket = var.create_bucket ? { exports = var.bucket } : {}
}

resource "aws_s3_bucket" "exports" {
  for_each = local._bucket

  bucket        = each.value
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "exports" {
  for_each = aws_s3_bucket.exports

  block_public_acls       = true
  block_public_policy     = true
  bucket                  = each.value.id
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "exports" {
  for_each = aws_s3_bucket.exports

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }

  depends_on = [aws_s3_bucket_public_access_block.exports] # S3 refuses two such changes at once
}

resource "aws_s3_bucket_server_side_encryption_configuration" "exports" {
  for_each = aws_s3_bucket.exports

  bucket = each.value.id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      kms_master_key_id = var.kms_key_arn
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
    }
  }
}

resource "aws_s3_bucket_versioning" "exports" {
  for_each = aws_s3_bucket.exports

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "exports" {
  for_each = aws_s3_bucket.exports

  bucket = each.value.id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
    expiration {
      expired_object_delete_marker = true
    }
    noncurrent_version_expiration {
      noncurrent_days = 7
    }
  }

  dynamic "rule" {
    for_each = var.retention_days == null ? {} : { old-deliveries = var.retention_days }
    content {
      id     = rule.key
      status = "Enabled"

      filter {}
      expiration {
        days = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.exports]
}
