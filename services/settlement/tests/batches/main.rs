//! What the sagas ask of the service, over its wire, on the store the run is for: guarantees that
//! stand until a stay is settled, claims that are held and posted all together or not at all,
//! subsidies, and suspensions.

mod desk;
mod guarantees;
mod holds;
mod posting;
mod reversing;
mod subsidies;
mod suspensions;
