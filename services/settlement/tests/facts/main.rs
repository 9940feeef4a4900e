//! The facts of a claim on their way from the wire to the price, and what would change if they were
//! others, over the service's wire on the store the run is for: in Anji, whose package looks at
//! place and referral, and by a package made to look at the other facts.

mod desk;
mod what_if;
mod wire;
