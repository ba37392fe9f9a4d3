"""Evidence by theorem: points on one-sided rays, whose least cost is known."""

from exactnorm.certify.rays.one_sided import neighbours, one_sided_rays, rays_lower_bound

__all__ = ["neighbours", "one_sided_rays", "rays_lower_bound"]
